/** The folder has a ledger, and none of its keys: they are brought from a sheet or a file, and sealed anew. */
import { Text } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { DeskState } from '../../../core/api/views.ts'
import { KeySource, NOTHING_BROUGHT, sourceOf } from '../../components/key-source.tsx'
import { LastFailure } from '../../components/layout.tsx'
import { useEnter } from '../../enter.ts'
import { useSecretCall } from '../../secret-call.ts'
import { strings } from '../../strings.ts'
import { useTRPC, useTRPCClient } from '../../trpc.ts'
import { DoorForm } from './door-form.tsx'
import { isGood, NewPassphrase, NOTHING_CHOSEN } from './new-passphrase.tsx'

export function NoKeys({ desk }: { readonly desk: DeskState }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const api = useTRPCClient()
  const [brought, bring] = useState(NOTHING_BROUGHT)
  const [chosen, setChosen] = useState(NOTHING_CHOSEN)
  const [isTried, setTried] = useState(false)
  const { noKeys: t, bring: texts, door } = strings
  const source = sourceOf(brought)
  const call = useSecretCall((given: NonNullable<typeof source>) => {
    return api.desk.bringKeys.mutate({ source: given, passphrase: chosen.passphrase })
  }, useEnter())
  const submit = () => {
    setTried(true)
    if (source !== undefined && isGood(chosen)) call.run(source)
  }
  const again = () => void client.invalidateQueries(trpc.desk.state.queryFilter())
  return (
    <DoorForm
      title={t.title}
      lead={t.lead}
      submit={submit}
      action={texts.action}
      icon={<IconKey size={17} />}
      isIncomplete={source === undefined}
      isPending={call.isPending}
      error={call.error}
      back={{ label: t.again, go: again }}
    >
      {call.error === undefined && <LastFailure desk={desk} />}
      <KeySource brought={brought} bring={bring} />
      <NewPassphrase chosen={chosen} choose={setChosen} hint={door.passphraseHint} isTried={isTried} />
      <Text size="xs" c="dimmed">
        {t.bring} <code className="code-word break">nimledger keys import FILE --dir {desk.dir}</code>
      </Text>
    </DoorForm>
  )
}
