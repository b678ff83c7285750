/** Bringing a ledger back from a backup: it is audited before anything is there, and its own passphrase opens it then. */
import { Button, Paper, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { FailureNotice } from '../../components/layout.tsx'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { Frame } from './frame.tsx'
import { Steps } from './steps.tsx'

export function Restore({ back, dir }: { readonly back: () => void; readonly dir: string }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [file, setFile] = useState('')
  const { door } = strings
  const restore = useMutation(
    trpc.desk.restore.mutationOptions({ onSuccess: (state) => client.setQueryData(trpc.desk.state.queryKey(), state) }),
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    restore.mutate({ file: file.trim() })
  }
  return (
    <Frame title={door.restore} lead={door.restoreText} isNarrow>
      <Paper withBorder radius="lg" className="panel" p="lg">
        <form onSubmit={submit} noValidate>
          <Stack>
            <TextInput
              label={door.file}
              description={door.fileHint}
              value={file}
              maxLength={4096}
              required
              autoFocus
              spellCheck={false}
              classNames={{ input: 'mono' }}
              onChange={(event) => setFile(event.currentTarget.value)}
            />
            {restore.error !== null && <FailureNotice error={restore.error} />}
            <Text size="xs" c="dimmed">
              {door.folder(dir)}
            </Text>
            <Steps back={back} backLabel={door.back}>
              <Button type="submit" loading={restore.isPending} disabled={file.trim() === ''}>
                {door.restoreAction}
              </Button>
            </Steps>
          </Stack>
        </form>
      </Paper>
    </Frame>
  )
}
