/** Where keys come from that are brought to this machine: the words of a recovery sheet, or a file of keys. */
import { FileInput, PasswordInput, Textarea } from '@mantine/core'
import { IconFileImport } from '@tabler/icons-react'
import { useState } from 'react'
import { strings } from '../strings.ts'
import { Choices } from './choices.tsx'

interface Brought {
  readonly way: 'words' | 'file'
  readonly words: string
  readonly file?: { readonly name: string; readonly text: string }
  /** Of the file. */
  readonly passphrase: string
}

export const NOTHING_BROUGHT: Brought = { way: 'words', words: '', passphrase: '' }

const MAX_WORDS_CHARACTERS = 16_384
const MAX_FILE_BYTES = 1024 * 1024

/** What the core is given; undefined as long as something is missing. */
export function sourceOf({ way, words, file, passphrase }: Brought) {
  if (way === 'words') return words.trim() === '' ? undefined : { words }
  return file === undefined || passphrase === '' ? undefined : { file: file.text, passphrase }
}

interface KeySourceProps {
  readonly brought: Brought
  readonly bring: (brought: Brought) => void
}

export function KeySource({ brought, bring }: KeySourceProps) {
  const { bring: t } = strings
  return (
    <>
      <Choices label={t.from} value={brought.way} of={t.ways} choose={(way) => bring({ ...brought, way })} />
      {brought.way === 'words' ? <Words brought={brought} bring={bring} /> : <KeyFile brought={brought} bring={bring} />}
    </>
  )
}

function Words({ brought, bring }: KeySourceProps) {
  const { bring: t } = strings
  const count = brought.words.match(/\p{L}+/gu)?.length ?? 0
  return (
    <Textarea
      label={t.words}
      description={t.wordsHint}
      inputWrapperOrder={['label', 'description', 'input', 'error']}
      value={brought.words}
      maxLength={MAX_WORDS_CHARACTERS}
      required
      autosize
      minRows={4}
      maxRows={10}
      // Nothing that helps with typing is to learn these words.
      autoComplete="off"
      autoCorrect="off"
      autoCapitalize="none"
      spellCheck={false}
      classNames={{ input: 'mono' }}
      bottomSection={<span aria-live="polite">{t.counted(count)}</span>}
      onChange={(event) => bring({ ...brought, words: event.currentTarget.value })}
    />
  )
}

function KeyFile({ brought, bring }: KeySourceProps) {
  const [isTooLarge, setTooLarge] = useState(false)
  const { bring: t } = strings
  const take = async (file: File | null) => {
    const isFit = file !== null && file.size <= MAX_FILE_BYTES
    setTooLarge(file !== null && !isFit)
    const { file: _before, ...rest } = brought
    bring(isFit ? { ...rest, file: { name: file.name, text: await file.text() } } : rest)
  }
  return (
    <>
      <FileInput
        label={t.file}
        description={t.fileHint}
        placeholder={brought.file?.name ?? t.choose}
        required
        leftSection={<IconFileImport size={17} />}
        error={isTooLarge ? t.tooLarge : undefined}
        onChange={(file) => void take(file)}
      />
      <PasswordInput
        label={t.filePassphrase}
        description={t.filePassphraseHint}
        value={brought.passphrase}
        required
        autoComplete="off"
        onChange={(event) => bring({ ...brought, passphrase: event.currentTarget.value })}
      />
    </>
  )
}
