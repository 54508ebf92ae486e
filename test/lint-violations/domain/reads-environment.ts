// no-restricted-globals: process is not there in the workflow sandbox
export const home = process.env['HOME'];
