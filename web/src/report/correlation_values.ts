/** Correlations above the diagonal, row by row, as the page holds them. */
export class Correlations {
  constructor(
    private readonly size: number,
    private readonly values: Float32Array,
  ) {}

  at(i: number, j: number): number {
    if (i === j) return 1;
    const [a, b] = i < j ? [i, j] : [j, i];
    return this.values[a * this.size - (a * (a + 1)) / 2 + b - a - 1];
  }
}
