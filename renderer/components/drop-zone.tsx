/** A place onto which a file is dropped, and a button that asks for one. */
import { Button, FileButton, Group, Text } from '@mantine/core'
import { IconFileCheck } from '@tabler/icons-react'
import { type DragEvent, useState } from 'react'

interface DropZoneProps {
  readonly lead: string
  readonly choose: string
  readonly take: (file: File) => void
  readonly isBusy?: boolean
}

export function DropZone({ lead, choose, take, isBusy = false }: DropZoneProps) {
  const { isOver, handlers } = useDrop(take)
  return (
    <Group className="drop" data-over={isOver || undefined} {...handlers}>
      <IconFileCheck size={22} stroke={1.6} aria-hidden="true" />
      <Text size="sm" className="grow">
        {lead}
      </Text>
      <FileButton onChange={(file) => file !== null && take(file)} inputProps={{ 'aria-label': choose }}>
        {(props) => (
          <Button variant="default" loading={isBusy} {...props}>
            {choose}
          </Button>
        )}
      </FileButton>
    </Group>
  )
}

/** What an element needs so that a file can be dropped onto it. */
export function useDrop(take: (file: File) => void) {
  const [isOver, setOver] = useState(false)
  const onDragOver = (event: DragEvent) => {
    event.preventDefault()
    setOver(true)
  }
  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    const file = event.dataTransfer.files[0]
    if (file !== undefined) take(file)
  }
  return { isOver, handlers: { onDragOver, onDrop, onDragLeave: () => setOver(false) } }
}
