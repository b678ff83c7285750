/** A form at a door: what it is, its fields, what failed, where all will be kept, the way back and the way on. */
import { Button, Group, Paper, Stack, Text } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import type { FormEvent, ReactNode } from 'react'
import { FailureNotice } from '../../components/layout.tsx'
import { strings } from '../../strings.ts'
import { Frame } from './frame.tsx'

interface DoorFormProps {
  readonly title: string
  readonly lead: ReactNode
  /** Called once the browser was kept from sending the form itself. */
  readonly submit: () => void
  /** What the button says that goes on. */
  readonly action: string
  readonly icon?: ReactNode
  readonly isIncomplete?: boolean
  readonly isPending: boolean
  /** What the last attempt failed with. */
  readonly error?: unknown
  readonly back?: { readonly label: string; readonly go: () => void }
  /** The folder in which something will be made. */
  readonly dir?: string
  readonly children: ReactNode
}

export function DoorForm({ title, lead, submit, error, dir, back, children, ...way }: DoorFormProps) {
  const { action, icon, isIncomplete = false, isPending } = way
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    submit()
  }
  const goOn = (
    <Button type="submit" loading={isPending} disabled={isIncomplete} leftSection={icon}>
      {action}
    </Button>
  )
  return (
    <Frame title={title} lead={lead} isNarrow>
      <Paper withBorder radius="lg" className="panel" p="lg">
        <form onSubmit={onSubmit} noValidate>
          <Stack>
            {children}
            {error != null && <FailureNotice error={error} />}
            {dir !== undefined && (
              <Text size="xs" c="dimmed">
                {strings.door.folder(dir)}
              </Text>
            )}
            {back === undefined ? (
              goOn
            ) : (
              <Group justify="space-between">
                <Button
                  variant="subtle"
                  color="gray"
                  className="quiet-button"
                  leftSection={<IconArrowLeft size={16} />}
                  onClick={back.go}
                >
                  {back.label}
                </Button>
                {goOn}
              </Group>
            )}
          </Stack>
        </form>
      </Paper>
    </Frame>
  )
}
