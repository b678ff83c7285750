/** How the sequencer of this ledger is doing, as far as it is told here. */

import type { HubView } from '../hub-view.ts'
import type { Failure } from './common.ts'

export type { HubAlert, HubFollower, HubView, HubWitness } from '../hub-view.ts'

export interface HubState {
  /** `here`: this console writes by itself · `beside`: another program on this machine · `afar`: the hub that is followed. */
  readonly where: 'here' | 'beside' | 'afar'
  /** The hub that is followed. */
  readonly url?: string
  readonly view?: HubView
  /** Why it tells nothing. */
  readonly failure?: Failure
  /** Whether it would tell the operator, whose key is here. */
  readonly canSignIn?: boolean
}
