/** How the hub is doing, for whoever runs it. */

import type { HubView } from '../hub-view.ts'
import { may, router } from './procedure.ts'

export const status = router({
  show: may('operate').query(({ ctx }): Promise<HubView> => ctx.view()),
})
