"""What somebody says of an anomaly, on the page that shows it."""

import streamlit as st

from app import feedback
from app.dashboard import theme
from app.feedback import Verdict
from app.settings import Settings

WORDS = {
    Verdict.EXPECTED: "Expected",
    Verdict.FALSE: "False alarm",
    Verdict.ACKNOWLEDGED: "Seen",
}
HELP = (
    "Expected and false raise the limits of what this anomaly is of, from the day after; seen keeps its updates quiet."
    " The next run takes it up."
)


def ask(anomaly_id: str, said: str | None) -> None:
    """Offer the verdicts on an anomaly, or the command where the dashboard may not give any.

    Args:
        said: the verdict that the build knows.
    """
    if said:
        st.badge(WORDS[Verdict(said)], icon=":material/rate_review:", color="gray", help=HELP)
    settings = Settings()
    if not settings.dashboard_can_judge:
        with st.popover("What is it?", icon=":material/rate_review:"):
            st.code(f"unitcost feedback {anomaly_id} {'|'.join(Verdict)}", language="shell")
            st.caption(
                f"{HELP} The dashboard has no log-in: it takes no verdicts unless its owner sets"
                " `dashboard_can_judge = true` in `unitcost.toml`."
            )
        return
    with st.popover("What is it?", icon=":material/rate_review:"), st.form(f"verdict_{anomaly_id}", border=False):
        verdict = st.radio("It is", list(Verdict), format_func=WORDS.__getitem__, help=HELP, horizontal=True)
        note = st.text_input("Why", max_chars=feedback.MOST_LETTERS)
        if st.form_submit_button("Say so") and verdict:
            try:
                feedback.record(settings.home, anomaly_id, verdict, note=note or None, by="dashboard")
            except (feedback.FeedbackError, OSError) as error:
                st.error(theme.markdown(str(error)), icon=":material/error:")
            else:
                st.success("Kept. The next run takes it up.", icon=":material/check_circle:")
