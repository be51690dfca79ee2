"""DigitalPatientChart EHR: charts, Settings, and the practice administrator's pages."""
