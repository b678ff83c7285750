/** Opens another account with a key made on this machine. */
import { Text, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Refused } from '../../core/api/views.ts'
import { useDesk } from '../desk.tsx'
import { go, href } from '../route.ts'
import { strings } from '../strings.ts'
import { useTRPC } from '../trpc.ts'
import { DialogForm } from './dialog-form.tsx'
import { FailureNotice, RefusalNotice } from './layout.tsx'

export function NewAccount({ close }: { readonly close: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const { act } = useDesk()
  const [name, setName] = useState('')
  const [refusal, setRefusal] = useState<Refused>()
  const open = useMutation(
    trpc.desk.openAccount.mutationOptions({
      onSuccess: async (answer) => {
        if (answer.status === 'refused') return setRefusal(answer)
        if (answer.status === 'queued') {
          void client.invalidateQueries(trpc.desk.state.queryFilter())
          tell(strings.sync.accountKept(name.trim()))
          close()
          go(href('sync'))
          return
        }
        await client.invalidateQueries(trpc.desk.state.queryFilter())
        if (answer.created !== undefined) act(answer.created)
        tell(strings.account.opened(name.trim()))
        close()
        go(href('wallet'))
      },
    }),
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    open.mutate({ name: name.trim() })
  }
  const { title, lead, nameHint, open: action, name: label } = strings.account
  return (
    <DialogForm
      title={title}
      close={close}
      submit={submit}
      action={action}
      isComplete={name.trim() !== ''}
      isPending={open.isPending}
    >
      <Text c="dimmed">{lead}</Text>
      <TextInput
        label={label}
        description={nameHint}
        value={name}
        maxLength={64}
        required
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {refusal !== undefined && <RefusalNotice refusal={refusal} />}
      {open.error !== null && <FailureNotice error={open.error} />}
    </DialogForm>
  )
}

function tell(message: string): void {
  notifications.show({ message, color: 'teal', closeButtonProps: { 'aria-label': strings.close } })
}
