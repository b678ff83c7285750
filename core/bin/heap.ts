/**
 * How V8 keeps the memory of this process, and of the threads that it starts from now on, where what it does by itself does not
 * fit.
 */

import { setFlagsFromString } from 'node:v8'

/**
 * For a program that executes transactions. V8 sees that rows and answers live for long, and makes such objects, with whatever is
 * made at the same places of the program, among the old ones at once. An old object that is dead stays until all old ones are
 * looked through, and until then keeps everything alive that it refers to: so nearly all that a transaction needs for a moment
 * was copied twice. Here everything begins among the new ones.
 */
export function beginAmongNewObjects(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}

/** How much the old objects may grow, as a part of those that are alive, until the dead among them are looked for. */
const GROWTH_PERCENT = 25

/**
 * For a program that goes once through much data and keeps little of it. V8 lets a heap grow to several times what is alive in it
 * before it looks for what is not, and gives little of that back, since most programs want speed for memory: an audit would take
 * half a gigabyte where it needs a tenth. Here it looks earlier.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`)
  // The part for new objects stays as large as it is when this is called.
  setFlagsFromString('--semi-space-growth-factor=1')
}
