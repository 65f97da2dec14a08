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

// Elimination below the diagonal, with pivots by size, of a copy of x: the pivots are on its diagonal, the first that is none is zero, or
// not a number. Tells how often rows changed places.
DEVICE int lanes_eliminate(GLOBAL const real* x, GLOBAL real* a, const int n, SHARED_POINTER real* column,
                           SHARED_POINTER real* scratch) {
  int swaps = 0, alive = 1;
  for (int at = THREAD; at < n * n; at += 128) a[at] = x[at];
  BARRIER_ALL();
  for (int c = 0; c < n; c++) {
    const int found = lanes_pivot(a, c, n, scratch), p = found < 0 || !alive ? c : found;
    real none = 0;
    for (int i = c + THREAD; i < n; i += 128) none += 0 * a[i * n + c];
    none = lanes_sum(none, 128, scratch);
    if (alive && found < 0) {
      alive = 0;
      if (THREAD == 0) a[c * n + c] = none;
    }
    BARRIER_ALL();
    if (p != c) swaps++;
    lanes_swap(a, c, p, c, n);
    BARRIER_ALL();
    const real pivot = a[c * n + c];
    for (int i = c + 1 + THREAD; i < n; i += 128) column[i] = alive ? a[i * n + c] / pivot : 0;
    BARRIER_ALL();
    const int rest = n - c - 1;
    for (int at = THREAD; at < rest * rest; at += 128) {
      const int i = c + 1 + at / rest, j = c + 1 + at % rest;
      a[i * n + j] -= column[i] * a[c * n + j];
    }
    BARRIER_ALL();
  }
  return swaps;
}

// The determinant: the product of the pivots.
DEVICE int matrix_det(GLOBAL const real* x, GLOBAL real* work, GLOBAL real* y, const int n, SHARED_POINTER real* column,
                      SHARED_POINTER real* scratch) {
  const int swaps = lanes_eliminate(x, work, n, column, scratch);
  if (THREAD == 0) {
    real det = swaps % 2 == 0 ? 1 : -1;
    for (int c = 0; c < n; c++) det *= work[c * n + c];
    y[0] = det;
  }
  return 0;
}

// The logarithm of the determinant, as a sum, since the product may overflow; tells of one that is not positive.
DEVICE int matrix_logdet(GLOBAL const real* x, GLOBAL real* work, GLOBAL real* y, const int n, SHARED_POINTER real* column,
                         SHARED_POINTER real* scratch) {
  const int swaps = lanes_eliminate(x, work, n, column, scratch);
  int negative = swaps, outside = 0;
  real sum = 0;
  for (int c = 0; c < n; c++) {
    const real pivot = work[c * n + c];
    if (pivot < 0) negative++;
    if (!(fabs(pivot) > 0)) outside = 1;
    sum += log(fabs(pivot));
  }
  if (THREAD == 0) y[0] = sum;
  return outside || negative % 2 == 1;
}

// The adjugate, of singular matrices too, by the method of Faddeev and Leverrier: N = I, then N = x N - tr(x N) / k I, n - 1 times.
DEVICE int matrix_adj(GLOBAL const real* x, GLOBAL real* work, GLOBAL real* y, const int n, SHARED_POINTER real* column,
                      SHARED_POINTER real* scratch) {
  for (int at = THREAD; at < n * n; at += 128) y[at] = at / n == at % n;
  BARRIER_ALL();
  for (int k = 1; k < n; k++) {
    real part = 0;
    for (int at = THREAD; at < n * n; at += 128) {
      const int i = at / n, j = at % n;
      real sum = 0;
      for (int q = 0; q < n; q++) sum += x[i * n + q] * y[q * n + j];
      work[at] = sum;
      if (i == j) part += sum;
    }
    BARRIER_ALL();
    const real trace = lanes_sum(part, 128, scratch), sign = n % 2 == 0 && k == n - 1 ? -1 : 1;
    for (int at = THREAD; at < n * n; at += 128) y[at] = sign * (at / n == at % n ? work[at] - trace / k : work[at]);
    BARRIER_ALL();
  }
  return 0;
}

// Singular vectors u and v of the largest singular value, which it gives; zeros for a matrix of zeros, a NaN for one that is not finite.
// The powers x'x, (x'x)^2, (x'x)^4, … over their traces, or those of xx' where that is smaller, become a projector on such vectors,
// two equal values or not; each of its columns is one.
DEVICE real lanes_singular(GLOBAL const real* x, GLOBAL real* work, GLOBAL real* u, GLOBAL real* v, const int m, const int n,
                           SHARED_POINTER real* scratch) {
  const int tall = m >= n, side = tall ? n : m, deep = tall ? m : n;
  const int along = tall ? 1 : n, down = tall ? n : 1;
  real size = 0, none = 0;
  for (int at = THREAD; at < m * n; at += 128) {
    size = fabs(x[at]) > size ? fabs(x[at]) : size;
    none += 0 * x[at];
  }
  size = lanes_max(size, 128, scratch);
  none = lanes_sum(none, 128, scratch);
  const real unit = size > 0 && size - size == 0 ? size : 1;
  for (int at = THREAD; at < side * side; at += 128) {
    const int i = at / side, j = at % side;
    real sum = 0;
    for (int q = 0; q < deep; q++) sum += x[q * down + i * along] / unit * (x[q * down + j * along] / unit);
    work[at] = sum;
  }
  BARRIER_ALL();
  real part = 0, before = 0, grows = 1;
  for (int i = THREAD; i < side; i += 128) part += work[i * side + i];
  real trace = lanes_sum(part, 128, scratch);
  int step = 0;
  // a projector on one vector is its own square, of trace one
  for (; step < 40 && grows > 0; step++) {
    GLOBAL const real* from = work + step % 2 * side * side;
    GLOBAL real* to = work + (1 - step % 2) * side * side;
    const real by = trace > 0 ? trace : 1;
    part = 0;
    for (int at = THREAD; at < side * side; at += 128) {
      const int i = at / side, j = at % side;
      real sum = 0;
      for (int q = 0; q < side; q++) sum += from[i * side + q] / by * (from[q * side + j] / by);
      to[at] = sum;
      if (i == j) part += sum;
    }
    BARRIER_ALL();
    trace = lanes_sum(part, 128, scratch);
    grows = trace > before || trace < (real)0.999 ? 1 : 0;
    before = trace;
  }
  GLOBAL const real* p = work + step % 2 * side * side;
  int best = 0;
  for (int i = 1; i < side; i++) best = p[i * side + i] > p[best * side + best] ? i : best;
  GLOBAL real* near = tall ? v : u;
  GLOBAL real* far = tall ? u : v;
  part = 0;
  for (int i = THREAD; i < side; i += 128) part += p[i * side + best] * p[i * side + best];
  real length = sqrt(lanes_sum(part, 128, scratch));
  for (int i = THREAD; i < side; i += 128) near[i] = length > 0 ? p[i * side + best] / length : 0;
  BARRIER_ALL();
  part = 0;
  for (int q = THREAD; q < deep; q += 128) {
    real sum = 0;
    for (int i = 0; i < side; i++) sum += x[q * down + i * along] / unit * near[i];
    far[q] = sum;
    part += sum * sum;
  }
  length = sqrt(lanes_sum(part, 128, scratch));
  for (int q = THREAD; q < deep; q += 128) far[q] = length > 0 ? far[q] / length : 0;
  BARRIER_ALL();
  return none + unit * length;
}

DEVICE int matrix_norm2(GLOBAL const real* x, GLOBAL real* work, GLOBAL real* y, const int m, const int n,
                        SHARED_POINTER real* scratch) {
  const int side = m >= n ? n : m;
  GLOBAL real* u = work + 2 * side * side;
  const real norm = lanes_singular(x, work, u, u + m, m, n, scratch);
  if (THREAD == 0) y[0] = norm;
  return norm != norm;
}

// u v' of the largest singular value
DEVICE int matrix_norm2_grad(GLOBAL const real* x, GLOBAL real* work, GLOBAL real* y, const int m, const int n,
                             SHARED_POINTER real* scratch) {
  const int side = m >= n ? n : m;
  GLOBAL real* u = work + 2 * side * side;
  const real norm = lanes_singular(x, work, u, u + m, m, n, scratch);
  for (int at = THREAD; at < m * n; at += 128) y[at] = u[at / n] * u[m + at % n];
  return norm != norm;
}
