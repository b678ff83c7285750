// parse cost alone
