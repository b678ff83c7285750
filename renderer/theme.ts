/** The look: one accent, calm neutrals, figures of one width; and colours that have contrast enough in both schemes. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

/** Mantine's dark greys with a breath of blue: text first, then borders, then surfaces. */
const dark: MantineColorsTuple = [
  '#e9ecef',
  '#ced3d8',
  '#a9b1b9',
  '#8d969f',
  '#32383e',
  '#2b3137',
  '#1d2126',
  '#15181b',
  '#101214',
  '#0b0d0e',
]

/** The head of a dialog is no second banner of the page. */
const DIALOG = { header: { role: 'presentation' } }

export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  headings: { fontWeight: '620' },
  colors: { dark },
  primaryColor: 'teal',
  primaryShade: { light: 9, dark: 9 },
  autoContrast: true,
  respectReducedMotion: true,
  defaultRadius: 'md',
  cursorType: 'pointer',
  components: {
    Button: { defaultProps: { size: 'sm' } },
    // In its place in the page: within the landmark that it belongs to.
    Menu: { defaultProps: { withinPortal: false, withInitialFocusPlaceholder: false } },
    Tooltip: { defaultProps: { openDelay: 250, withArrow: true } },
    Modal: {
      defaultProps: { attributes: DIALOG, centered: true, overlayProps: { backgroundOpacity: 0.45, blur: 2 }, radius: 'lg' },
    },
    Drawer: { defaultProps: { attributes: DIALOG, overlayProps: { backgroundOpacity: 0.35 } } },
  },
})

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#14181b',
    '--mantine-color-dimmed': '#545c63',
    '--mantine-color-placeholder': '#5c646b',
    '--mantine-color-error': '#b42318',
    '--mantine-color-default-border': '#dfe3e6',
    '--mantine-color-teal-filled-hover': '#066b4d',
    '--mantine-color-teal-light': '#e2f4ed',
    '--mantine-color-teal-light-hover': '#d3eee3',
    '--mantine-color-teal-light-color': '#05543d',
    '--mantine-color-anchor': '#087f5b',
    '--page': '#f6f7f8',
    '--panel': '#ffffff',
    '--line': '#e3e6e9',
    '--accent': '#087f5b',
    '--accent-soft': '#8fd3ba',
    '--warn-text': '#8a3a06',
    '--warn-soft': '#fff2e5',
    '--bad-text': '#a51d12',
    '--bad-soft': '#fdecea',
    '--quiet-soft': '#eceff1',
    '--quiet-text': '#454c53',
  },
  dark: {
    '--mantine-color-body': '#1a1d21',
    '--mantine-color-text': '#e9ecef',
    '--mantine-color-dimmed': '#a9b1b9',
    '--mantine-color-placeholder': '#959ea7',
    '--mantine-color-error': '#ff9d92',
    '--mantine-color-default-border': '#333a41',
    '--mantine-color-teal-filled-hover': '#066b4d',
    '--mantine-color-teal-light': '#0f3328',
    '--mantine-color-teal-light-hover': '#134032',
    '--mantine-color-teal-light-color': '#8fe3c4',
    '--mantine-color-anchor': '#51d3a4',
    '--page': '#111315',
    '--panel': '#1a1d21',
    '--line': '#2a3036',
    '--accent': '#38c795',
    '--accent-soft': '#17523f',
    '--warn-text': '#ffb870',
    '--warn-soft': '#36240f',
    '--bad-text': '#ff9d92',
    '--bad-soft': '#3a1a17',
    '--quiet-soft': '#262b30',
    '--quiet-text': '#c3cad1',
  },
})
