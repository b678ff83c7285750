/** Every English text of the console, by where it stands. A translation is another folder of this form. */

import { auditor } from './strings/auditor.ts'
import { creator } from './strings/creator.ts'
import { hub } from './strings/hub.ts'
import { keys } from './strings/keys.ts'
import { operator } from './strings/operator.ts'
import { recovery } from './strings/recovery.ts'
import { revenue } from './strings/revenue.ts'
import { shell } from './strings/shell.ts'
import { sync } from './strings/sync.ts'
import { user } from './strings/user.ts'
import { words } from './strings/words.ts'

export const strings = {
  ...words,
  ...shell,
  ...creator,
  ...user,
  ...operator,
  ...revenue,
  ...auditor,
  ...sync,
  ...keys,
  ...recovery,
  ...hub,
}
