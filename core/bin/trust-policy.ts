/** Files of trust policies, as commands are given them: which logs, which witnesses, and who has to have cosigned. */

import { existsSync, readFileSync, statSync } from 'node:fs'
import { MAX_POLICY_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { sha256 } from '../drivers/sha256.ts'
import { parseTrustPolicy, type TrustPolicy } from '../log/trust-policy.ts'
import { Failure } from './failure.ts'

export function readTrustPolicy(file: string): TrustPolicy {
  if (!existsSync(file) || !statSync(file).isFile()) throw new Failure('usage', `There is no file ${file}.`)
  if (statSync(file).size > MAX_POLICY_BYTES) throw new Failure('usage', `${file} is too long for a policy.`)
  const policy = parseTrustPolicy(sha256, readFileSync(file))
  if (policy instanceof Malformed) throw new Failure('usage', `${file}: ${policy.reason}.`)
  return policy
}
