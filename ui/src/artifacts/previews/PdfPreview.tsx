export { default } from "./UnknownPreview";
