/** The console of a mirror in a window: what every transport does, over the window's channel. */

import { describe } from 'vitest'
import { syncSpec } from '../api/sync-spec.ts'
import { launch, windowClient } from './launch.ts'

describe('the console of a mirror in a window', () => syncSpec(async (dir) => windowClient((await launch(dir)).page)))
