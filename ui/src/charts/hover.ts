/** The run that is looked at, in all charts and the legend of a grid. No render of React: charts repaint by themselves. */

export class Hover {
  private readonly listeners = new Set<(id: string | undefined) => void>();
  id: string | undefined;

  set(id: string | undefined): void {
    if (id === this.id) return;
    this.id = id;
    for (const listener of this.listeners) listener(id);
  }

  listen(listener: (id: string | undefined) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
