// Sends files with Node's HTTP libraries, each with its default settings.
// Arguments: fetch|fetch-stream|axios URL FILE...
import { createReadStream, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import axios from 'axios'
import { EnvHttpProxyAgent, setGlobalDispatcher } from 'undici'

const [how, url, ...files] = process.argv.slice(2)
// Node 20's fetch takes no proxy from the environment by itself.
setGlobalDispatcher(new EnvHttpProxyAgent())

const byFetch = async (body, more = {}) => {
  const r = await fetch(url, { method: 'POST', body, headers: { 'Content-Type': 'text/csv' }, ...more })
  return [r.status, await r.text()]
}
const ways = {
  fetch: (name) => byFetch(readFileSync(name)),
  'fetch-stream': (name) => byFetch(Readable.toWeb(createReadStream(name)), { duplex: 'half' }),
  axios: async (name) => {
    const r = await axios.post(url, createReadStream(name), { headers: { 'Content-Type': 'text/csv' } })
      .catch((e) => e.response ?? Promise.reject(e))
    return [r.status, typeof r.data === 'string' ? r.data : JSON.stringify(r.data)]
  },
}
for (const name of files) {
  try {
    const [status, text] = await ways[how](name)
    console.log('HTTP/1.1', status, text.replaceAll('\n', ' '))
  } catch (e) {
    console.log('error:', e.message, e.cause?.message ?? '')
  }
}
