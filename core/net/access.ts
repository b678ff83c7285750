/**
 * Who may read what of a hub. Its operator chooses:
 *
 *   public     anyone reads the whole log, as with any transparency log
 *   private    an account that proved its key (core/api/hub/sign-in.ts) sees what concerns it, and the checkpoint that its
 *              receipts rest on; whoever has a read token of the operator sees the whole log, or the hub's figures alone
 *
 * Who follows the hub and what is wrong with it (`operate`) is told in neither to anyone: only to the operator's account, and to
 * whoever has a token for the hub's figures.
 *
 * Signed transactions are handed in by anyone: their signatures say whose they are. Both kinds of token come as
 * `Authorization: Bearer <token>`, in no address and no cookie; so they are in no log of addresses, and no page of another site
 * has a browser send them. A token that is not good is refused, in public too, rather than passed over in silence.
 */

import type { IncomingMessage } from 'node:http'
import type { Caller, HubRight } from '../api/hub/procedure.ts'
import type { SignIn } from '../api/hub/sign-in.ts'
import type { Milliseconds } from '../domain/time.ts'
import type { Fault } from './fault.ts'

export const ACCESS_POLICIES = ['public', 'private'] as const
export type AccessPolicy = (typeof ACCESS_POLICIES)[number]

/** Who asks, and whether a token showed it. */
export interface Visitor extends Caller {
  readonly isKnown: boolean
  /** The name of the read token, or the account. */
  readonly name?: string
}

/** The tokens that an operator has issued. */
interface ReadTokens {
  find(token: string, now: Milliseconds): { readonly name: string; readonly scope: 'log' | 'metrics' } | undefined
}

interface AccessOptions {
  /** Asked in each request, since an operator may change it. */
  readonly policy: () => AccessPolicy
  readonly readTokens: ReadTokens
  readonly signIn: SignIn
  /** The operator's account; without it nobody proves to be the operator. */
  readonly operator?: string | undefined
  readonly now: () => Milliseconds
}

const ANYONE: readonly HubRight[] = ['look', 'submit']
const RIGHTS = {
  anyone: new Set(ANYONE),
  account: new Set<HubRight>([...ANYONE, 'own']),
  log: new Set<HubRight>([...ANYONE, 'own', 'read', 'metrics']),
  metrics: new Set<HubRight>([...ANYONE, 'metrics', 'operate']),
  operator: new Set<HubRight>([...ANYONE, 'own', 'operate']),
} as const satisfies Record<string, ReadonlySet<HubRight>>
type Visiting = keyof typeof RIGHTS

/** In public everybody may also do what a token for the log allows. */
const IN_PUBLIC = Object.fromEntries(
  Object.entries(RIGHTS).map(([who, rights]) => [who, new Set<HubRight>([...RIGHTS.log, ...rights])]),
) as unknown as Readonly<Record<Visiting, ReadonlySet<HubRight>>>

export class Access {
  readonly #options: AccessOptions

  constructor(options: AccessOptions) {
    this.#options = options
  }

  get signIn(): SignIn {
    return this.#options.signIn
  }

  /** What the sender of a request may do now; to be asked again while an answer goes on. */
  async authorize({ headers }: Pick<IncomingMessage, 'headers'>): Promise<Visitor | Fault> {
    const { policy, readTokens, signIn, operator, now } = this.#options
    const allow = (who: Visiting) => (policy() === 'public' ? IN_PUBLIC : RIGHTS)[who]
    if (headers.authorization === undefined) return { rights: allow('anyone'), isKnown: false }
    const token = /^bearer ([!-~]+)$/i.exec(headers.authorization)?.[1]
    if (token === undefined) return unauthorized('What is taken here is "Authorization: Bearer" and a token.')
    const issued = readTokens.find(token, now())
    if (issued !== undefined) return { rights: allow(issued.scope), isKnown: true, name: issued.name }
    const account = await signIn.find(token)
    if (account !== undefined) {
      const rights = allow(account === operator ? 'operator' : 'account')
      return { rights, account, isKnown: true, name: account }
    }
    return unauthorized('The token is not good, or not any more.', 'invalid_token')
  }
}

/** Why a visitor who lacks a right is turned away; undefined where it has it. */
export function lacking({ rights, isKnown }: Visitor, needs: HubRight): Fault | undefined {
  if (rights.has(needs)) return undefined
  if (isKnown) return { status: 403, message: 'The token does not open this.' }
  return unauthorized('This ledger is private: prove the key of an account, or use a read token of its operator.')
}

function unauthorized(message: string, error?: string): Fault {
  return { status: 401, message, headers: { 'www-authenticate': error === undefined ? 'Bearer' : `Bearer error="${error}"` } }
}
