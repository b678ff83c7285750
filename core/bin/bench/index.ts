/** The benchmarks, in the order in which they run. */

import type { Figure } from './figure.ts'
import { pipeline } from './pipeline.ts'
import { raw } from './raw.ts'

export const FIGURES: readonly Figure[] = [raw, pipeline]
