/** What the operator does for or to one account: grant credits, offer a plan, freeze it, bear its debt. */
import { FormDialog, type FormField } from '../../components/form-dialog.tsx'
import { Foreign } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { addDays } from '../../format.ts'
import { strings } from '../../strings.ts'
import { PROVIDER } from './provider.ts'

export const ACCOUNT_ACTIONS = ['credit.grant', 'plan.offer', 'account.freeze', 'account.unfreeze', 'debt.forgive'] as const
export type AccountAction = (typeof ACCOUNT_ACTIONS)[number]

interface AccountFormProps {
  readonly type: AccountAction
  readonly account: string
  readonly name: string
  /** What it owes, for the form that forgives it. */
  readonly owes?: string
  readonly close: () => void
}

const { accounts: t, treasury } = strings

const GRANT_DAYS = 90
const OFFER_DAYS = 30

export function AccountForm({ type, account, name, owes, close }: AccountFormProps) {
  const { acting, ledger } = useDesk()
  const fields = fieldsOf(type, { account, owes, now: ledger.time, plans: ledger.plans })
  return (
    <FormDialog
      title={strings.types[type] ?? type}
      lead={
        <>
          <Foreign className="strong">{name}</Foreign>. {t.leads[type]}
        </>
      }
      fields={fields}
      request={{ signer: acting.account, type, body: { account } }}
      close={close}
    />
  )
}

interface Given {
  readonly account: string
  readonly owes: string | undefined
  readonly now: string
  readonly plans: readonly { readonly modelLimit: number }[]
}

function fieldsOf(type: AccountAction, { account, owes, now, plans }: Given): readonly FormField[] {
  const amount: FormField = { name: 'amount', label: treasury.amountLabel, isAmount: true }
  const reason: FormField = { name: 'reason', label: strings.reason, description: t.reasonHint, maxLength: 128 }
  if (type === 'credit.grant') {
    return [
      amount,
      lastDay('expiresAt', t.grantUntil, addDays(now, GRANT_DAYS)),
      { ...reason, label: t.purpose },
      {
        name: 'provider',
        label: t.campaignLabel,
        initial: t.campaign,
        maxLength: 32,
        pattern: PROVIDER,
        patternHint: treasury.providerHint,
      },
      {
        name: 'reference',
        label: t.reference,
        description: t.referenceHint,
        maxLength: 128,
        initial: `${now.slice(0, 10)}:${account}`,
      },
    ]
  }
  if (type === 'plan.offer') {
    const largest = Math.max(0, ...plans.map(({ modelLimit }) => modelLimit))
    return [
      { name: 'modelLimit', label: t.models, description: t.modelsHint(largest), isCount: true },
      { name: 'price', label: strings.publish.price, isAmount: true },
      {
        name: 'period',
        label: strings.offers.columns.period,
        initial: 'month',
        choices: Object.entries(strings.periods).map(([value, label]) => ({ value, label })),
      },
      lastDay('expires', t.offerUntil, addDays(now, OFFER_DAYS)),
    ]
  }
  return type === 'debt.forgive' ? [{ ...amount, ...(owes !== undefined && { initial: owes }) }, reason] : [reason]
}

function lastDay(name: string, label: string, initial: string): FormField {
  return { name, label, description: t.lastDayHint, isLastDay: true, initial: initial.slice(0, 10) }
}
