// OpenCL C
#define KERNEL __kernel
#define DEVICE static inline __attribute__((always_inline))
#define GLOBAL __global
#define SHARED __local
#define SHARED_POINTER __local
#define BARRIER() barrier(CLK_LOCAL_MEM_FENCE)
#define BARRIER_ALL() barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)
#define RESTRICT restrict
#define THREAD ((int)get_local_id(0))
#define GROUP ((int)get_group_id(0))
#define NEGATIVE_INFINITY (-INFINITY)
