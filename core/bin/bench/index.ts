/** The benchmarks, in the order in which they run. */

import { auditFigure } from './audit.ts'
import { bytes } from './bytes.ts'
import type { Figure } from './figure.ts'
import { growth } from './growth.ts'
import { hub } from './hub.ts'
import { latency } from './latency.ts'
import { memory } from './memory.ts'
import { open } from './open.ts'
import { pipeline } from './pipeline.ts'
import { raw } from './raw.ts'
import { usage } from './usage.ts'

export const FIGURES: readonly Figure[] = [raw, pipeline, usage, latency, auditFigure, hub, bytes, growth, open, memory]
