/**
 * Trust policies, c2sp.org/tlog-policy: in which logs, which witnesses there are, and which of them have to have cosigned.
 *
 *     log ledger.example/credits+72b0b5d8+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c
 *     witness x1 witness.example/w1+<hex>+<base64> https://witness.example/
 *     witness x2 …
 *     witness y …
 *     group x any x1 x2                   "all", "any", or how many
 *     group both all x y
 *     quorum both                         a witness, a group, or "none"
 *
 * Words are separated by spaces and tabs; empty lines, and those that begin with `#`, are for people. A name is defined before it
 * is used, and is a member of one group at most, so that no witness counts twice. URLs are for those who ask: a log those of its
 * witnesses. A file that is not UTF-8 is refused, as is one with a key of a type that is not read here.
 */
import { equalBytes, type Sha256, tryUtf8Decode } from '../base/bytes.ts'
import { MAX_POLICY_BYTES, MAX_POLICY_NAMES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { type LogTrust, noteVerifier, parseDecimal, type WitnessGroup } from './checkpoint.ts'
import { COSIGNATURE_V1, ED25519, parseVerifierKey, type VerifierKey } from './note.ts'
import type { VerifySignature } from './signature.ts'

interface PolicyParty {
  readonly key: VerifierKey
  readonly url?: string
}

interface PolicyGroup {
  readonly members: readonly (PolicyParty | PolicyGroup)[]
  readonly quorum: number
}

export interface TrustPolicy {
  readonly logs: readonly PolicyParty[]
  readonly witnesses: readonly PolicyParty[]
  readonly quorum: PolicyParty | PolicyGroup | 'none'
}

const NONE = 'none'

export function parseTrustPolicy(sha256: Sha256, bytes: Uint8Array): TrustPolicy | Malformed {
  if (bytes.length > MAX_POLICY_BYTES) return new Malformed(`the policy has more than ${MAX_POLICY_BYTES} bytes`)
  const text = tryUtf8Decode(bytes)
  if (text === undefined) return new Malformed('the policy is not UTF-8')
  if (text !== '' && !text.endsWith('\n')) return new Malformed('the policy does not end in a newline')
  const reading = new Reading(sha256)
  for (const [i, line] of text.split('\n').entries()) {
    const fault = reading.take(line)
    if (fault !== undefined) return new Malformed(`line ${i + 1} of the policy: ${fault}`)
  }
  const { logs, witnesses, quorum } = reading
  return quorum === undefined ? new Malformed('the policy has no quorum line') : { logs, witnesses, quorum }
}

/** What a policy trusts, of a log with these keys. */
export function trustOf(
  verify: VerifySignature,
  policy: TrustPolicy,
  logKeys: readonly [VerifierKey, ...VerifierKey[]],
): LogTrust {
  const verifiers = logKeys.map((key) => noteVerifier(verify, key))
  return { origin: logKeys[0].name, logKeys: verifiers, ...witnessGroupOf(verify, policy) }
}

/** The witnesses of a policy that count, as checkpoints are opened with them. */
export function witnessGroupOf(verify: VerifySignature, { quorum, witnesses }: TrustPolicy): WitnessGroup {
  if (quorum === NONE) return { witnesses: witnesses.map((one) => groupOf(verify, one)), quorum: 0 }
  return groupOf(verify, quorum)
}

/** A witness is a group of one: the policy tells witnesses apart by their keys, whatever name those have. */
function groupOf(verify: VerifySignature, one: PolicyParty | PolicyGroup): WitnessGroup {
  if ('key' in one) return { witnesses: [noteVerifier(verify, one.key)], quorum: 1 }
  return { witnesses: one.members.map((member) => groupOf(verify, member)), quorum: one.quorum }
}

/** A policy as far as it was read. Each line returns what is wrong with it. */
class Reading {
  readonly logs: PolicyParty[] = []
  readonly witnesses: PolicyParty[] = []
  quorum: TrustPolicy['quorum'] | undefined
  readonly #sha256: Sha256
  readonly #named = new Map<string, PolicyParty | PolicyGroup>()
  readonly #members = new Set<string>()

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  take(line: string): string | undefined {
    if (hasControlCharacter(line)) return 'it holds a control character'
    const [keyword, ...words] = line.split(/[ \t]+/).filter((word) => word !== '')
    if (keyword === undefined || keyword.startsWith('#')) return undefined
    if (keyword === 'log') return this.#log(words)
    if (keyword === 'witness') return this.#witness(words)
    if (keyword === 'group') return this.#group(words)
    if (keyword === 'quorum') return this.#setQuorum(words)
    return 'it begins with none of log, witness, group and quorum'
  }

  #log([vkey, url, ...more]: readonly string[]): string | undefined {
    if (vkey === undefined || more.length > 0) return 'a log is "log <vkey> [<url>]"'
    return this.#add(this.logs, { vkey, url, type: ED25519 })
  }

  #witness([name, vkey, url, ...more]: readonly string[]): string | undefined {
    if (name === undefined || vkey === undefined || more.length > 0) return 'a witness is "witness <name> <vkey> [<url>]"'
    return this.#add(this.witnesses, { vkey, url, type: COSIGNATURE_V1 }) ?? this.#define(name, this.witnesses.at(-1)!)
  }

  #add(parties: PolicyParty[], given: { vkey: string; url: string | undefined; type: number }): string | undefined {
    const key = parseVerifierKey(this.#sha256, given.vkey)
    if (key instanceof Malformed) return key.reason
    if (key.type !== given.type) return given.type === ED25519 ? 'the key is not of a log' : 'the key is not of a witness'
    if (parties.some((other) => equalBytes(other.key.publicKey, key.publicKey))) return 'the key was given before'
    if (parties.length >= MAX_POLICY_NAMES) return `there are more than ${MAX_POLICY_NAMES}`
    parties.push({ key, ...(given.url !== undefined && { url: given.url }) })
    return undefined
  }

  #define(name: string, value: PolicyParty | PolicyGroup): string | undefined {
    if (name === NONE) return `the name ${NONE} is taken`
    if (this.#named.has(name)) return `the name ${name} was given before`
    if (this.#named.size >= 2 * MAX_POLICY_NAMES) return `there are more than ${2 * MAX_POLICY_NAMES} names`
    this.#named.set(name, value)
    return undefined
  }

  #group([name, threshold, ...names]: readonly string[]): string | undefined {
    if (name === undefined || threshold === undefined || names.length === 0)
      return 'a group is "group <name> all|any|<number> <member>…"'
    const members: (PolicyParty | PolicyGroup)[] = []
    for (const member of names) {
      const known = this.#named.get(member)
      if (known === undefined) return `there is no ${member} before this line`
      if (this.#members.has(member)) return `${member} is a member already`
      this.#members.add(member)
      members.push(known)
    }
    const quorum = threshold === 'all' ? members.length : threshold === 'any' ? 1 : parseDecimal(threshold)
    if (quorum === undefined || quorum < 1 || quorum > members.length)
      return `of ${members.length} members as many as ${threshold} cannot be asked for`
    return this.#define(name, { members, quorum })
  }

  #setQuorum([name, ...more]: readonly string[]): string | undefined {
    if (name === undefined || more.length > 0) return 'a quorum is "quorum <name>" or "quorum none"'
    if (this.quorum !== undefined) return 'there is a quorum line before'
    this.quorum = name === NONE ? NONE : this.#named.get(name)
    return this.quorum === undefined ? `there is no ${name} before this line` : undefined
  }
}

function hasControlCharacter(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i)
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true
  }
  return false
}
