/** A mirror without keys: whoever opens it first chooses the passphrase for those that will be made. */
import { Button, Paper, Stack } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { DeskState } from '../../../core/api/views.ts'
import { FailureNotice, LastFailure } from '../../components/layout.tsx'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { Frame } from './frame.tsx'
import { isGood, NewPassphrase, NOTHING_CHOSEN } from './new-passphrase.tsx'

export function Choose({ desk }: { readonly desk: DeskState }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [chosen, setChosen] = useState(NOTHING_CHOSEN)
  const [isTried, setTried] = useState(false)
  const unlock = useMutation(
    trpc.desk.unlock.mutationOptions({ onSuccess: (state) => client.setQueryData(trpc.desk.state.queryKey(), state) }),
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (isGood(chosen)) unlock.mutate({ passphrase: chosen.passphrase })
  }
  const { choose: t } = strings
  return (
    <Frame title={t.title} lead={t.lead} isNarrow>
      <Paper withBorder radius="lg" className="panel" p="lg">
        <form onSubmit={submit} noValidate>
          <Stack>
            <NewPassphrase chosen={chosen} choose={setChosen} hint={strings.door.keysHint} isTried={isTried} isFirst />
            {unlock.error === null ? <LastFailure desk={desk} /> : <FailureNotice error={unlock.error} />}
            <Button type="submit" loading={unlock.isPending}>
              {t.action}
            </Button>
          </Stack>
        </form>
      </Paper>
    </Frame>
  )
}
