/** Founding a ledger: its name, and the passphrase that seals the keys that are made for it. */
import { Button, Group, Paper, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Refused } from '../../../core/api/views.ts'
import { FailureNotice, RefusalNotice } from '../../components/layout.tsx'
import { gradeOf, isFair } from '../../strength.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { Frame } from './frame.tsx'

const DEFAULT_ORIGIN = 'ledger.local/credits'

export function Found({ back, dir }: { readonly back: () => void; readonly dir: string }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const { door } = strings
  const [name, setName] = useState('')
  const [origin, setOrigin] = useState(DEFAULT_ORIGIN)
  const [passphrase, setPassphrase] = useState('')
  const [repeated, setRepeated] = useState('')
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
  const faults = {
    name: name.trim() === '' ? door.needed : undefined,
    passphrase: isFair(passphrase) ? undefined : door.tooWeak,
    repeated: passphrase === repeated ? undefined : door.differs,
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    setRefusal(undefined)
    if (Object.values(faults).every((fault) => fault === undefined)) {
      found.mutate({ name: name.trim(), origin: origin.trim(), passphrase })
    }
  }
  const shown = (fault: string | undefined) => (isTried ? fault : undefined)
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
              error={shown(faults.name)}
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
            <PasswordInput
              label={door.passphrase}
              description={door.passphraseHint}
              value={passphrase}
              required
              autoComplete="new-password"
              error={shown(faults.passphrase)}
              onChange={(event) => setPassphrase(event.currentTarget.value)}
            />
            <Strength passphrase={passphrase} />
            <PasswordInput
              label={door.repeat}
              value={repeated}
              required
              autoComplete="new-password"
              error={repeated === '' && !isTried ? undefined : faults.repeated}
              onChange={(event) => setRepeated(event.currentTarget.value)}
            />
            {refusal !== undefined && <RefusalNotice refusal={refusal} />}
            {found.error !== null && <FailureNotice error={found.error} />}
            <Text size="xs" c="dimmed">
              {door.folder(dir)}
            </Text>
            <Group justify="space-between">
              <Button
                variant="subtle"
                color="gray"
                className="quiet-button"
                leftSection={<IconArrowLeft size={16} />}
                onClick={back}
              >
                {door.back}
              </Button>
              <Button type="submit" loading={found.isPending}>
                {door.create}
              </Button>
            </Group>
          </Stack>
        </form>
      </Paper>
    </Frame>
  )
}

function Strength({ passphrase }: { readonly passphrase: string }) {
  const grade = gradeOf(passphrase)
  const { strength, strengths } = strings.door
  const word = passphrase === '' ? '' : (strengths[grade] ?? '')
  return (
    <div className="strength" data-grade={passphrase === '' ? undefined : grade}>
      <span className="strength-bars" aria-hidden="true">
        {strengths.map((name, at) => (
          <span key={name} data-on={(passphrase !== '' && at <= grade) || undefined} />
        ))}
      </span>
      <Text size="xs" c="dimmed" aria-live="polite">
        {strength}: {word}
      </Text>
    </div>
  )
}
