#!/usr/bin/env node
'use strict'
// The installed command: the command line under the Node that launch.cjs finds.
process.argv.splice(2, 0, require('node:path').join(__dirname, 'cli.ts'))
require('./launch.cjs')
