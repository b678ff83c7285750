/** Disks that are full for a while, and machines that lose their power: something between a program and its store. */

import { StoreError } from '../../core/ledger/store.ts'

export class Disk {
  /** How many changes still succeed before the disk is full. */
  #room = Number.POSITIVE_INFINITY
  #isLate = false
  #isDead = false
  /** Full after so many changes; `isLate` where the last one is made all the same, and only its success is not told. */
  fill(room: number, isLate: boolean): void {
    this.#room = room
    this.#isLate = isLate
  }

  get isFull(): boolean {
    return this.#room !== Number.POSITIVE_INFINITY
  }

  /** There is room again. */
  clear(): void {
    this.#room = Number.POSITIVE_INFINITY
  }

  /** From now on nothing of what the program still does reaches the disk, and it learns nothing more: it is gone. */
  kill(): void {
    this.#isDead = true
  }

  /** The store as the program sees it; `changes` are its methods that write. */
  wrap<Store extends object>(store: Store, changes: readonly (keyof Store)[]): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const value = target[name as keyof Store]
        if (typeof value !== 'function') return value
        const call = (...given: unknown[]) => (value as (...given: unknown[]) => unknown).apply(target, given)
        return changes.includes(name as keyof Store) ? (...given: unknown[]) => this.#change(() => call(...given)) : call
      },
    })
  }

  async #change(call: () => unknown): Promise<unknown> {
    if (this.#isDead) throw new StoreError('offline', 'The machine is gone.')
    this.#room -= 1
    if (this.#room >= 0) return call()
    if (this.#isLate) await call()
    throw new StoreError('disk_full', 'The disk is full.')
  }
}
