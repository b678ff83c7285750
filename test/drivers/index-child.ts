/** Another process that makes an index follow, a few entries at a time, for tests that kill it: index-child.ts FOLDER. */

import { followOnce } from '../../core/drivers/sqlite/index-follower.ts'

const folder = process.argv[2]!

process.stdout.write('ready\n')
while ((await followOnce(folder, { most: 7 })) > 0);
setInterval(() => {}, 60_000)
