/** What the doctor finds about a folder's files as somebody who may not write there: doctor-child.ts FOLDER. */

import { files } from '../../core/bin/doctor/machine.ts'
import { becomeNobody } from '../support/nobody.ts'

becomeNobody()
process.stdout.write(JSON.stringify([...files(process.argv[2]!)]))
