// CUDA C
#define KERNEL extern "C" __global__
#define DEVICE static __device__ __forceinline__
#define GLOBAL
#define SHARED __shared__
#define SHARED_POINTER
#define BARRIER() __syncthreads()
#define BARRIER_ALL() __syncthreads()
#define RESTRICT __restrict__
#define THREAD ((int)threadIdx.x)
#define GROUP ((int)blockIdx.x)
#define NEGATIVE_INFINITY (-__int_as_float(0x7f800000))
#define SHUFFLE(x, distance) __shfl_xor_sync(0xffffffffu, x, distance)
