// The row of the largest entry of column c at or below the diagonal, the first of equal ones; -1 if that is zero or not finite.
DEVICE int lanes_pivot(GLOBAL const real* a, const int c, const int n, SHARED_POINTER real* scratch) {
  int place = n;
  real most = -1;
  for (int i = c + THREAD; i < n; i += 128) {
    const real size = fabs(a[i * n + c]);
    if (size > most) {
      most = size;
      place = i;
    }
  }
  const real largest = lanes_max(most, 128, scratch);
  const int first = (int)-lanes_max(most == largest ? -(real)place : -(real)n, 128, scratch);
  return largest > 0 && largest - largest == 0 ? first : -1;
}

// Two rows of a matrix change places, from column c on.
DEVICE void lanes_swap(GLOBAL real* a, const int i, const int k, const int c, const int n) {
  for (int j = c + THREAD; j < n; j += 128) {
    const real upper = a[i * n + j];
    a[i * n + j] = a[k * n + j];
    a[k * n + j] = upper;
  }
}

// The inverse, by elimination in place with pivots by size; tells of a singular matrix.
DEVICE int matrix_inv(GLOBAL const real* x, GLOBAL real* y, const int n, SHARED_POINTER real* column,
                      SHARED_POINTER int* pivots, SHARED_POINTER real* scratch) {
  int outside = 0;
  for (int at = THREAD; at < n * n; at += 128) y[at] = x[at];
  BARRIER_ALL();
  for (int c = 0; c < n; c++) {
    const int found = lanes_pivot(y, c, n, scratch), p = found < 0 ? c : found;
    if (found < 0) outside = 1;
    if (THREAD == 0) pivots[c] = p;
    BARRIER_ALL();
    lanes_swap(y, c, p, 0, n);
    BARRIER_ALL();
    const real pivot = y[c * n + c];
    for (int i = THREAD; i < n; i += 128) column[i] = y[i * n + c];
    BARRIER_ALL();
    for (int j = THREAD; j < n; j += 128) y[c * n + j] = (j == c ? 1 : y[c * n + j]) / pivot;
    BARRIER_ALL();
    for (int at = THREAD; at < n * n; at += 128) {
      const int i = at / n, j = at % n;
      if (i != c) y[at] = (j == c ? 0 : y[at]) - column[i] * y[c * n + j];
    }
    BARRIER_ALL();
  }
  // the columns change places as the rows did, the last first; each thread has its rows
  for (int c = n - 1; c >= 0; c--) {
    const int p = pivots[c];
    for (int i = THREAD; i < n; i += 128) {
      const real left = y[i * n + c];
      y[i * n + c] = y[i * n + p];
      y[i * n + p] = left;
    }
  }
  return outside;
}
