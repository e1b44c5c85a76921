export function Documents() {
  return <p>Documents</p>;
}
