/** Something that is waited for until somebody opens it, once and for good. */
export class Gate {
  private resolve: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => {
    this.resolve = resolve;
  });

  open(): void {
    this.resolve();
  }
}
