/** One after another: a process that dies at the first disk does nothing for the second. */
export async function inTurn<Input, Output>(
  inputs: readonly Input[],
  act: (input: Input) => Promise<Output>,
): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const input of inputs) outputs.push(await act(input));
  return outputs;
}
