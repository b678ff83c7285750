/** A SHA-256 digest: typed in, or taken of a file, which is read piece by piece here and goes nowhere. */
import { Button, FileButton, Group, Text, TextInput } from '@mantine/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { IconFile } from '@tabler/icons-react'
import { useState } from 'react'
import { toHex } from '../../core/base/bytes.ts'
import { strings } from '../strings.ts'

interface DigestFieldProps {
  readonly label: string
  readonly description?: string
  readonly value: string
  readonly change: (digest: string, bytes?: number) => void
}

export const DIGEST = /^[0-9a-f]{64}$/

export function DigestField({ label, description, value, change }: DigestFieldProps) {
  const [isReading, setReading] = useState(false)
  const take = async (file: File | null) => {
    if (file === null) return
    setReading(true)
    try {
      change(await digestOf(file), file.size)
    } finally {
      setReading(false)
    }
  }
  const isWrong = value !== '' && !DIGEST.test(value)
  return (
    <div>
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <TextInput
          label={label}
          description={description}
          value={value}
          spellCheck={false}
          className="grow"
          classNames={{ input: 'mono' }}
          error={isWrong ? strings.publish.hex : undefined}
          onChange={(event) => change(event.currentTarget.value.trim())}
        />
        <FileButton onChange={(file) => void take(file)} inputProps={{ 'aria-label': `${strings.models.fromFile}: ${label}` }}>
          {(props) => (
            <Button variant="default" leftSection={<IconFile size={16} />} loading={isReading} {...props}>
              {strings.models.fromFile}
            </Button>
          )}
        </FileButton>
      </Group>
      {isReading && (
        <Text size="xs" c="dimmed" aria-live="polite">
          {strings.models.digesting}
        </Text>
      )}
    </div>
  )
}

async function digestOf(file: File): Promise<string> {
  const hash = sha256.create()
  const reader = file.stream().getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) hash.update(part.value)
  return toHex(hash.digest())
}
