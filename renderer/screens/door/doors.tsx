/** The first run: try the demonstration, found a ledger of one's own, or join a hub. */
import { Button, Paper, SimpleGrid, Stack, Text, ThemeIcon, Title } from '@mantine/core'
import { IconBroadcast, IconBuildingStore, IconHistory, IconRubberStamp } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { DeskState } from '../../../core/api/views.ts'
import { FailureNotice, type Icon, LastFailure } from '../../components/layout.tsx'
import { useEnter } from '../../enter.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { Found } from './found.tsx'
import { Frame } from './frame.tsx'
import { Join } from './join.tsx'
import { Restore } from './restore.tsx'

export function Doors({ desk }: { readonly desk: DeskState }) {
  const trpc = useTRPC()
  const [behind, setBehind] = useState<'found' | 'join' | 'restore'>()
  const tryDemo = useMutation(trpc.desk.tryDemo.mutationOptions({ onSuccess: useEnter() }))
  const { door } = strings
  const back = () => setBehind(undefined)
  if (behind === 'found') return <Found back={back} dir={desk.dir} />
  if (behind === 'join') return <Join back={back} dir={desk.dir} />
  if (behind === 'restore') return <Restore back={back} dir={desk.dir} />
  return (
    <Frame title={door.title} lead={door.lead}>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
        <Door icon={IconBuildingStore} title={door.demo} text={door.demoText}>
          <Button size="md" loading={tryDemo.isPending} onClick={() => tryDemo.mutate()} autoFocus>
            {door.demoAction}
          </Button>
        </Door>
        <Door icon={IconRubberStamp} title={door.found} text={door.foundText}>
          <Button size="md" variant="default" disabled={tryDemo.isPending} onClick={() => setBehind('found')}>
            {door.foundAction}
          </Button>
        </Door>
        <Door icon={IconBroadcast} title={door.join} text={door.joinText}>
          <Button size="md" variant="default" disabled={tryDemo.isPending} onClick={() => setBehind('join')}>
            {door.joinAction}
          </Button>
        </Door>
        <Door icon={IconHistory} title={door.restore} text={door.restoreText}>
          <Button size="md" variant="default" disabled={tryDemo.isPending} onClick={() => setBehind('restore')}>
            {door.restoreAction}
          </Button>
        </Door>
      </SimpleGrid>
      {tryDemo.error !== null ? <FailureNotice error={tryDemo.error} /> : <LastFailure desk={desk} />}
      <Text size="xs" c="dimmed" mt="lg">
        {door.folder(desk.dir)}
      </Text>
    </Frame>
  )
}

interface DoorProps {
  readonly icon: Icon
  readonly title: string
  readonly text: string
  readonly children: ReactNode
}

function Door({ icon: Shape, title, text, children }: DoorProps) {
  return (
    <Paper withBorder radius="lg" className="panel door-card">
      <Stack gap="sm" align="flex-start" h="100%">
        <ThemeIcon variant="light" size={42} radius="md" aria-hidden="true">
          <Shape size={22} stroke={1.6} />
        </ThemeIcon>
        <Title order={2} fz="lg">
          {title}
        </Title>
        <Text c="dimmed" className="grow">
          {text}
        </Text>
        {children}
      </Stack>
    </Paper>
  )
}
