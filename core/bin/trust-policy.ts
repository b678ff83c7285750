/** Whose word about a log is taken, as commands are told: by vkeys, by the file of a trust policy, or by both. */

import { existsSync, readFileSync, statSync } from 'node:fs'
import { Option } from 'commander'
import { MAX_POLICY_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { formatSeconds, MAX_SECONDS } from '../domain/time.ts'
import { sha256 } from '../drivers/sha256.ts'
import { chooseVerifier } from '../drivers/sodium/ed25519.ts'
import type { JsonObject } from '../ledger/present.ts'
import { cosignersOf, type LogTrust, noteVerifier, type OpenedCheckpoint } from '../log/checkpoint.ts'
import { parseVerifierKey, type VerifierKey } from '../log/note.ts'
import { parseTrustPolicy, type TrustPolicy, trustOf } from '../log/trust-policy.ts'
import { Failure } from './failure.ts'
import { userPath } from './place.ts'

export function witnessPolicyOption(): Option {
  return new Option(
    '--witness-policy <file>',
    'who has to have cosigned: a trust policy as c2sp.org/tlog-policy has it',
  ).argParser(userPath)
}

export function readTrustPolicy(file: string): TrustPolicy {
  if (!existsSync(file) || !statSync(file).isFile()) throw new Failure('usage', `There is no file ${file}.`)
  if (statSync(file).size > MAX_POLICY_BYTES) throw new Failure('usage', `${file} is too long for a policy.`)
  const policy = parseTrustPolicy(sha256, readFileSync(file))
  if (policy instanceof Malformed) throw new Failure('usage', `${file}: ${policy.reason}.`)
  return policy
}

/** A log has one name, and may have had several keys. A policy names logs as well, for those who give no key. */
export function trustIn(vkeys: readonly string[], policyFile: string | undefined): LogTrust {
  const policy = policyFile === undefined ? undefined : readTrustPolicy(policyFile)
  const given = vkeys.map((vkey) => {
    const key = parseVerifierKey(sha256, vkey)
    if (key instanceof Malformed) throw new Failure('usage', `--vkey: ${key.reason}.`)
    return key
  })
  const [first, ...more] = given.length > 0 ? given : (policy?.logs ?? []).map(({ key }) => key)
  if (first === undefined) throw new Failure('usage', 'Name the key of the log: --vkey, or a log line in the --witness-policy.')
  if (more.some(({ name }) => name !== first.name)) {
    const wrong =
      given.length > 0 ? '--vkey: these are keys of different logs.' : 'The policy names several logs: give --vkey too.'
    throw new Failure('usage', wrong)
  }
  const verify = chooseVerifier()
  if (policy !== undefined) return trustOf(verify, policy, [first, ...more])
  return { origin: first.name, logKeys: [first, ...more].map((key) => noteVerifier(verify, key)), witnesses: [], quorum: 0 }
}

/** What a policy trusts for a log with this key. */
export function policyTrust(policy: TrustPolicy, logKey: VerifierKey): LogTrust {
  return trustOf(chooseVerifier(), policy, [logKey])
}

/** Who cosigned, of the witnesses that the reader knows. */
export function presentCosigners(opened: OpenedCheckpoint, trust: LogTrust): JsonObject[] {
  return cosignersOf(opened, trust).map(({ name, seconds }) => ({
    name,
    time: seconds <= BigInt(MAX_SECONDS) ? formatSeconds(Number(seconds)) : `${seconds} seconds since 1970`,
  }))
}
