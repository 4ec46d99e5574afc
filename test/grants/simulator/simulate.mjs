// Reads one case a line, {policy, requests: [{action, resource, context}]}, and answers with one line of decisions.
import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const account = '000000000000'

async function allowed(policy, { action, resource, context }) {
  const response = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:user/ada`,
        action,
        resource: { resource, accountId: account },
        contextVariables: context,
      },
      identityPolicies: policy ? [{ name: 'grants', policy }] : [],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  )
  if (response.resultType === 'error' || response.errors) {
    throw new Error(JSON.stringify(response))
  }
  return (response.analysis ?? response.overallResult ?? response).result ?? response.overallResult
}

for await (const line of createInterface({ input: process.stdin })) {
  const { policy, requests } = JSON.parse(line)
  const answers = []
  for (const request of requests) {
    answers.push((await allowed(policy, request)) === 'Allowed')
  }
  console.log(JSON.stringify(answers))
}
