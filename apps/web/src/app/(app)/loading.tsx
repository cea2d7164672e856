import { Loading } from "../../ui/states.tsx";

const PageLoading = () => <Loading what="the page" />;
export default PageLoading;
