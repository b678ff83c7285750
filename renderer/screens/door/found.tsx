/** Founding a ledger: its name, and the passphrase that seals the keys that are made for it. */
import { Button, Paper, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Refused } from '../../../core/api/views.ts'
import { FailureNotice, RefusalNotice } from '../../components/layout.tsx'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { Frame } from './frame.tsx'
import { isGood, NewPassphrase, NOTHING_CHOSEN } from './new-passphrase.tsx'
import { Steps } from './steps.tsx'

const DEFAULT_ORIGIN = 'ledger.local/credits'

export function Found({ back, dir }: { readonly back: () => void; readonly dir: string }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const { door } = strings
  const [name, setName] = useState('')
  const [origin, setOrigin] = useState(DEFAULT_ORIGIN)
  const [chosen, setChosen] = useState(NOTHING_CHOSEN)
  const [isTried, setTried] = useState(false)
  const [refusal, setRefusal] = useState<Refused>()
  const found = useMutation(
    trpc.desk.found.mutationOptions({
      onSuccess: (answer) => {
        if (answer.status === 'refused') return setRefusal(answer)
        client.setQueryData(trpc.desk.state.queryKey(), answer.state)
      },
    }),
  )
  const nameFault = name.trim() === '' ? door.needed : undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    setRefusal(undefined)
    if (nameFault === undefined && isGood(chosen)) {
      found.mutate({ name: name.trim(), origin: origin.trim(), passphrase: chosen.passphrase })
    }
  }
  return (
    <Frame title={door.found} lead={door.foundText} isNarrow>
      <Paper withBorder radius="lg" className="panel" p="lg">
        <form onSubmit={submit} noValidate>
          <Stack>
            <TextInput
              label={door.name}
              description={door.nameHint}
              value={name}
              maxLength={64}
              autoFocus
              required
              error={isTried ? nameFault : undefined}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <TextInput
              label={door.origin}
              description={door.originHint}
              value={origin}
              maxLength={128}
              spellCheck={false}
              onChange={(event) => setOrigin(event.currentTarget.value)}
            />
            <NewPassphrase chosen={chosen} choose={setChosen} hint={door.passphraseHint} isTried={isTried} />
            {refusal !== undefined && <RefusalNotice refusal={refusal} />}
            {found.error !== null && <FailureNotice error={found.error} />}
            <Text size="xs" c="dimmed">
              {door.folder(dir)}
            </Text>
            <Steps back={back} backLabel={door.back}>
              <Button type="submit" loading={found.isPending}>
                {door.create}
              </Button>
            </Steps>
          </Stack>
        </form>
      </Paper>
    </Frame>
  )
}
