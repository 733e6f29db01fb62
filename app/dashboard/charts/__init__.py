"""One function a chart: a frame in, a figure out. Knows no Streamlit and reads no data.

Money becomes a float here and nowhere before. A click carries the member in `customdata`.
"""

from app.dashboard.charts import changes, conversations, cost, margin, prices, savings

__all__ = ["changes", "conversations", "cost", "margin", "prices", "savings"]
