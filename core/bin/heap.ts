/** How V8 manages the memory of this process, and of the threads that it starts from now on, where its defaults do not fit. */

import { setFlagsFromString } from 'node:v8'

/**
 * For a program that executes transactions. V8 notices that rows and answers live long, and from then on allocates everything
 * made at the same places of the program in the old generation. A dead object there stays until the whole generation is
 * collected, and keeps alive what it refers to: so nearly everything that a transaction needs for a moment was copied twice. With
 * this setting all objects begin in the young generation.
 */
export function beginAmongNewObjects(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}

/** How much the old generation may grow before it is collected, as a part of what is alive in it. */
const GROWTH_PERCENT = 25

/**
 * For a program that goes once through much data and keeps little of it. V8 lets a heap grow to several times what is alive in it
 * before it collects garbage, and gives little of that back, since most programs prefer speed: an audit would take half a
 * gigabyte where it needs a tenth of that. With this setting it collects earlier.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`)
  // The young generation keeps the size that it has when this is called.
  setFlagsFromString('--semi-space-growth-factor=1')
}
