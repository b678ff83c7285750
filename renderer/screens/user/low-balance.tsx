/** That little is left, on the wallet's page, and from when on the console is to say so. */
import { Alert, Button, Group, Text, TextInput } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { DialogForm } from '../../components/dialog-form.tsx'
import { FailureNotice } from '../../components/layout.tsx'
import { useDesk } from '../../desk.tsx'
import { parseTyped } from '../../format.ts'
import { isLow, useAlert, whyLow } from '../../low-balance.tsx'
import { href } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'

export function LowBalanceNotice() {
  const alert = useAlert()
  const { lowBalance: t, wallet } = strings
  if (alert === undefined || !isLow(alert)) return null
  return (
    <Alert className="notice" data-tone="warn" icon={<IconAlertTriangle size={18} />} title={t.title}>
      <Group gap="md" justify="space-between">
        <Text component="div">{whyLow(alert).join(' ')}</Text>
        <Button variant="default" size="xs" component="a" href={href('wallet', 'topup')}>
          {wallet.getCredits}
        </Button>
      </Group>
    </Alert>
  )
}

export function SetAlert({ close }: { readonly close: () => void }) {
  const alert = useAlert()
  return alert !== undefined && <AlertForm key={alert.account} before={alert.least ?? ''} close={close} />
}

function AlertForm({ before, close }: { readonly before: string; readonly close: () => void }) {
  const { acting } = useDesk()
  const { account } = acting
  const trpc = useTRPC()
  const client = useQueryClient()
  const [typed, setTyped] = useState(before)
  const { lowBalance: t } = strings
  const set = useMutation(
    trpc.wallet.setAlert.mutationOptions({
      onSuccess: async () => {
        await client.invalidateQueries(trpc.wallet.alert.pathFilter())
        close()
      },
    }),
  )
  const amount = parseTyped(typed)
  const isNone = typed.trim() === ''
  const isWrong = !isNone && (amount === undefined || amount === '0')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!isWrong) set.mutate({ account, ...(!isNone && { least: amount }) })
  }
  return (
    <DialogForm
      title={strings.wallet.alert}
      size={480}
      close={close}
      submit={submit}
      action={t.keep}
      isComplete={!isWrong}
      isPending={set.isPending}
    >
      <Text c="dimmed">{t.lead}</Text>
      <TextInput
        label={t.least}
        description={t.leastHint}
        value={typed}
        inputMode="decimal"
        maxLength={24}
        data-autofocus
        classNames={{ input: 'amount-input' }}
        error={isWrong ? strings.publish.amount : undefined}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {set.error !== null && <FailureNotice error={set.error} />}
    </DialogForm>
  )
}
