// Whether a function has no value at x, where it gave y: a NaN out of a number, a pole at zero.
DEVICE int undefined(real x, real y) {
  return (y != y && x == x) || (y == y && y - y != 0 && x == 0);
}

DEVICE real map_abs(real x) {
  return fabs(x);
}

DEVICE real map_cos(real x) {
  return cos(x);
}

DEVICE real map_erf(real x) {
  return erf(x);
}

DEVICE real map_exp(real x) {
  return exp(x);
}

// x Φ(x)
DEVICE real map_gelu(real x) {
  return x * (1 + erf(x * (real)0.70710678118654752440)) / 2;
}

DEVICE real map_leaky_relu(real x, real slope) {
  return x > 0 ? x : slope * x;
}

DEVICE real map_log(real x) {
  return log(x);
}

// x^p: whole powers by squares
DEVICE real map_power(real x, real p) {
  if (p == floor(p) && fabs(p) < 1024) {
    real square = x, power = 1;
    for (int k = (int)fabs(p); k > 0; k /= 2) {
      if (k % 2 == 1) power *= square;
      square *= square;
    }
    return p < 0 ? 1 / power : power;
  }
  return p == (real)0.5 ? sqrt(x) : p == (real)-0.5 ? 1 / sqrt(x) : pow(x, p);
}

DEVICE real map_relu(real x) {
  return x > 0 ? x : 0;
}

// 1 / (1 + e^-x), without overflow on either side
DEVICE real map_sigmoid(real x) {
  const real e = exp(-fabs(x));
  return (x > 0 ? 1 : e) / (1 + e);
}

DEVICE real map_sign(real x) {
  return (real)(x > 0) - (real)(x < 0);
}

DEVICE real map_silu(real x) {
  return x * map_sigmoid(x);
}

DEVICE real map_sin(real x) {
  return sin(x);
}

// log(1 + e^x), without overflow on either side
DEVICE real map_softplus(real x) {
  return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

DEVICE real map_step(real x) {
  return x > 0 ? 1 : 0;
}

DEVICE real map_tanh(real x) {
  return tanh(x);
}

// The sum over the lanes of a row: neighboring threads, a power of two of them. All threads of the group take part.
DEVICE real lanes_sum(real x, const int lanes, SHARED_POINTER real* scratch) {
#ifdef SHUFFLE
  if (lanes <= 32) {
    for (int step = lanes / 2; step > 0; step /= 2) x += SHUFFLE(x, step);
    return x;
  }
#endif
  scratch[THREAD] = x;
  BARRIER();
  for (int step = lanes / 2; step > 0; step /= 2) {
    if (THREAD % lanes < step) scratch[THREAD] += scratch[THREAD + step];
    BARRIER();
  }
  x = scratch[THREAD - THREAD % lanes];
  BARRIER();
  return x;
}

// The largest over the lanes of a row.
DEVICE real lanes_max(real x, const int lanes, SHARED_POINTER real* scratch) {
#ifdef SHUFFLE
  if (lanes <= 32) {
    for (int step = lanes / 2; step > 0; step /= 2) {
      const real other = SHUFFLE(x, step);
      x = other > x ? other : x;
    }
    return x;
  }
#endif
  scratch[THREAD] = x;
  BARRIER();
  for (int step = lanes / 2; step > 0; step /= 2) {
    if (THREAD % lanes < step && scratch[THREAD + step] > scratch[THREAD]) scratch[THREAD] = scratch[THREAD + step];
    BARRIER();
  }
  x = scratch[THREAD - THREAD % lanes];
  BARRIER();
  return x;
}

// The largest entry of a row, and the sum of exp(x - largest): one pass, the sum rescaled where the largest grows.
DEVICE real lanes_exp(GLOBAL const real* x, const int n, const int live, const int lane, const int lanes, real* sum,
                      SHARED_POINTER real* scratch) {
  real most = NEGATIVE_INFINITY, part = 0;
  for (int j = lane; j < n && live; j += lanes) {
    const real a = x[j];
    if (a > most) {
      part = part * exp(most - a) + 1;
      most = a;
    } else {
      part += exp(a - most);
    }
  }
  const real all = lanes_max(most, lanes, scratch);
  *sum = lanes_sum(part == 0 ? 0 : part * exp(most - all), lanes, scratch);
  return all;
}

// exp(x) / sum(exp(x))
DEVICE int row_softmax(GLOBAL const real* x, GLOBAL real* y, const int n, const int live, const int lane, const int lanes,
                       SHARED_POINTER real* scratch) {
  real sum;
  const real most = lanes_exp(x, n, live, lane, lanes, &sum, scratch);
  for (int j = lane; j < n && live; j += lanes) y[j] = exp(x[j] - most) / sum;
  return 0;
}

// log(sum(exp(x)))
DEVICE int row_logsumexp(GLOBAL const real* x, GLOBAL real* y, const int n, const int live, const int lane, const int lanes,
                         SHARED_POINTER real* scratch) {
  real sum;
  const real most = lanes_exp(x, n, live, lane, lanes, &sum, scratch);
  if (live && lane == 0) y[0] = most + log(sum);
  return 0;
}

// The deviation of a row, zero if all its entries are equal, and its mean.
DEVICE real lanes_deviation(GLOBAL const real* x, const int n, const int live, const int lane, const int lanes, real* mean,
                            SHARED_POINTER real* scratch) {
  real sum = 0, differs = 0, squares = 0;
  const real first = live ? x[0] : 0;
  for (int j = lane; j < n && live; j += lanes) {
    sum += x[j];
    if (x[j] != first) differs = 1;
  }
  *mean = lanes_sum(sum, lanes, scratch) / n;
  differs = lanes_max(differs, lanes, scratch);
  for (int j = lane; j < n && live; j += lanes) squares += (x[j] - *mean) * (x[j] - *mean);
  return differs * sqrt(lanes_sum(squares, lanes, scratch) / n);
}

// (x - mean) / deviation; tells of a row whose entries are all equal
DEVICE int row_layernorm(GLOBAL const real* x, GLOBAL real* y, const int n, const int live, const int lane, const int lanes,
                         SHARED_POINTER real* scratch) {
  real mean;
  const real deviation = lanes_deviation(x, n, live, lane, lanes, &mean, scratch);
  for (int j = lane; j < n && live; j += lanes) y[j] = (x[j] - mean) / deviation;
  return live && deviation == 0;
}

DEVICE int row_rowstd(GLOBAL const real* x, GLOBAL real* y, const int n, const int live, const int lane, const int lanes,
                      SHARED_POINTER real* scratch) {
  real mean;
  const real deviation = lanes_deviation(x, n, live, lane, lanes, &mean, scratch);
  if (live && lane == 0) y[0] = deviation;
  return 0;
}

// The root of the mean of the squares of a row.
DEVICE real lanes_rms(GLOBAL const real* x, const int n, const int live, const int lane, const int lanes,
                      SHARED_POINTER real* scratch) {
  real squares = 0;
  for (int j = lane; j < n && live; j += lanes) squares += x[j] * x[j];
  return sqrt(lanes_sum(squares, lanes, scratch) / n);
}

// x / rms; tells of a row of zeros
DEVICE int row_rmsnorm(GLOBAL const real* x, GLOBAL real* y, const int n, const int live, const int lane, const int lanes,
                       SHARED_POINTER real* scratch) {
  const real rms = lanes_rms(x, n, live, lane, lanes, scratch);
  for (int j = lane; j < n && live; j += lanes) y[j] = x[j] / rms;
  return live && rms == 0;
}

DEVICE int row_rowrms(GLOBAL const real* x, GLOBAL real* y, const int n, const int live, const int lane, const int lanes,
                      SHARED_POINTER real* scratch) {
  const real rms = lanes_rms(x, n, live, lane, lanes, scratch);
  if (live && lane == 0) y[0] = rms;
  return 0;
}

// The root of the sum of the squares of a row, scaled so that no square overflows or vanishes.
DEVICE real lanes_norm(GLOBAL const real* x, const int n, const int live, const int lane, const int lanes,
                       SHARED_POINTER real* scratch) {
  real size = 0, squares = 0;
  for (int j = lane; j < n && live; j += lanes) {
    const real a = fabs(x[j]);
    if (a > size) size = a;
  }
  size = lanes_max(size, lanes, scratch);
  const real unit = size > 0 && size - size == 0 ? size : 1;
  for (int j = lane; j < n && live; j += lanes) squares += x[j] / unit * (x[j] / unit);
  return unit * sqrt(lanes_sum(squares, lanes, scratch));
}

DEVICE int row_normf(GLOBAL const real* x, GLOBAL real* y, const int n, const int live, const int lane, const int lanes,
                     SHARED_POINTER real* scratch) {
  const real norm = lanes_norm(x, n, live, lane, lanes, scratch);
  if (live && lane == 0) y[0] = norm;
  return 0;
}

// x / norm, and zeros of zeros
DEVICE int row_unit(GLOBAL const real* x, GLOBAL real* y, const int n, const int live, const int lane, const int lanes,
                    SHARED_POINTER real* scratch) {
  const real norm = lanes_norm(x, n, live, lane, lanes, scratch);
  for (int j = lane; j < n && live; j += lanes) y[j] = norm == 0 ? 0 : x[j] / norm;
  return 0;
}

// The place of the first of the largest entries of a row, and that entry.
DEVICE int lanes_first(GLOBAL const real* x, const int n, const int live, const int lane, const int lanes, real* largest,
                       SHARED_POINTER real* scratch) {
  int place = lane < n ? lane : 0;
  real most = live ? x[place] : 0;
  for (int j = lane; j < n && live; j += lanes) {
    if (x[j] > most) {
      most = x[j];
      place = j;
    }
  }
  *largest = lanes_max(most, lanes, scratch);
  // of equal ones the first: the largest of the negative places
  return (int)-lanes_max(most == *largest ? -(real)place : -(real)n, lanes, scratch);
}

DEVICE int row_rowmax(GLOBAL const real* x, GLOBAL real* y, const int n, const int live, const int lane, const int lanes,
                      SHARED_POINTER real* scratch) {
  real largest;
  lanes_first(x, n, live, lane, lanes, &largest, scratch);
  if (live && lane == 0) y[0] = largest;
  return 0;
}

// 1 at the first of the largest entries, else 0
DEVICE int row_rowargmax(GLOBAL const real* x, GLOBAL real* y, const int n, const int live, const int lane, const int lanes,
                         SHARED_POINTER real* scratch) {
  real largest;
  const int place = lanes_first(x, n, live, lane, lanes, &largest, scratch);
  for (int j = lane; j < n && live; j += lanes) y[j] = j == place ? 1 : 0;
  return 0;
}
