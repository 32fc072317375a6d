// What the console uses of uplot.js, for the type checker.

export default class UPlot {
  constructor(options: object, data: unknown[][], place: HTMLElement);
  setData(data: unknown[][]): void;
  setSize(size: { width: number; height: number }): void;
  destroy(): void;
}
