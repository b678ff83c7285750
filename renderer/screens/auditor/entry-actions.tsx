/** What the operator can do about an entry: refund a payment, take the credits of a top-up back, charge it back. */
import { Button, Group } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { EntryDetail } from '../../../core/api/views.ts'
import { FormDialog, type FormField } from '../../components/form-dialog.tsx'
import { Sentence } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { amountOf, microsOf } from '../../format.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { PROVIDER } from '../operator/provider.ts'

const { entryActions: t, treasury } = strings

type Action = 'credit.refund' | 'credit.return' | 'credit.chargeback'

const REFERENCE: FormField = { name: 'reference', label: treasury.reference, maxLength: 128 }

const FURTHER_FIELDS: Readonly<Record<Action, readonly FormField[]>> = {
  'credit.refund': [{ name: 'reason', label: strings.reason, description: strings.accounts.reasonHint, maxLength: 128 }],
  'credit.return': [REFERENCE],
  'credit.chargeback': [
    {
      name: 'provider',
      label: treasury.provider,
      initial: 'bank',
      maxLength: 32,
      pattern: PROVIDER,
      patternHint: treasury.providerHint,
    },
    REFERENCE,
  ],
}

interface EntryActionsProps {
  readonly detail: EntryDetail
  /** The one that is asked about, if any: its dialog stands above the entry. */
  readonly asked: Action | undefined
  readonly ask: (action: Action | undefined) => void
}

export function EntryActions({ detail, asked, ask }: EntryActionsProps) {
  const { acting, isNobody } = useDesk()
  const trpc = useTRPC()
  const client = useQueryClient()
  const actions = acting.role === 'operator' && !isNobody ? actionsFor(detail) : []
  if (actions.length === 0) return null
  const amount: FormField = { name: 'amount', label: treasury.amountLabel, isAmount: true, initial: leftOf(detail) }
  return (
    <Group gap={6} mb="md">
      {actions.map((action) => (
        <Button key={action} size="compact-sm" variant="default" onClick={() => ask(action)}>
          {strings.types[action]}
        </Button>
      ))}
      {asked !== undefined && (
        <FormDialog
          title={strings.types[asked] ?? asked}
          lead={
            <>
              <Sentence text={detail.summary} names={detail.names} />. {t.leads[asked]}
            </>
          }
          fields={[amount, ...FURTHER_FIELDS[asked]]}
          request={{ signer: acting.account, type: asked, body: { entry: detail.index } }}
          close={() => {
            ask(undefined)
            // How much is left to give back.
            void client.invalidateQueries(trpc.log.entry.queryFilter({ index: detail.index }))
          }}
        />
      )}
    </Group>
  )
}

/** Which action is asked about; kept by whatever shows the entry. */
export function useAsked() {
  return useState<Action>()
}

/** The lines of a batch are refunded one by one: see batch-lines.tsx. What was given back in full is done with. */
function actionsFor(detail: EntryDetail): readonly Action[] {
  const { type, gross, lines } = detail
  if (leftOf(detail) === '0') return []
  if (type === 'credit.topup') return ['credit.return', 'credit.chargeback']
  return gross !== undefined && gross !== '0' && lines === undefined ? ['credit.refund'] : []
}

/** What was not given back before. */
function leftOf({ gross, body, undone = '0' }: EntryDetail): string {
  const whole = gross ?? (body as { readonly amount?: string }).amount ?? '0'
  return amountOf(microsOf(whole) - microsOf(undone))
}
