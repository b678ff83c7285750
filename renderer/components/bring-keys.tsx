/** Brings keys to this machine while others are unlocked, or before there are any in a mirror. */
import { Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconKey } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useSecretCall } from '../secret-call.ts'
import { strings } from '../strings.ts'
import { useTRPC, useTRPCClient } from '../trpc.ts'
import { DialogForm } from './dialog-form.tsx'
import { KeySource, NOTHING_BROUGHT, sourceOf } from './key-source.tsx'
import { FailureNotice } from './layout.tsx'

type Source = NonNullable<ReturnType<typeof sourceOf>>

export function BringKeys({ close }: { readonly close: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const api = useTRPCClient()
  const [brought, bring] = useState(NOTHING_BROUGHT)
  const { bring: t } = strings
  const call = useSecretCall(
    (source: Source) => api.keys.bring.mutate(source),
    ({ imported, alreadyHere }) => {
      void client.invalidateQueries(trpc.desk.state.queryFilter())
      void client.invalidateQueries(trpc.keys.pathFilter())
      const message = t.taken(imported, alreadyHere)
      notifications.show({ message, color: 'teal', closeButtonProps: { 'aria-label': strings.close } })
      close()
    },
  )
  const source = sourceOf(brought)
  return (
    <DialogForm
      title={t.title}
      size={520}
      close={close}
      submit={(event) => {
        event.preventDefault()
        if (source !== undefined) call.run(source)
      }}
      action={t.action}
      icon={<IconKey size={17} />}
      isComplete={source !== undefined}
      isPending={call.isPending}
    >
      <Text c="dimmed">{t.lead}</Text>
      <KeySource brought={brought} bring={bring} />
      {call.error !== undefined && <FailureNotice error={call.error} />}
    </DialogForm>
  )
}
