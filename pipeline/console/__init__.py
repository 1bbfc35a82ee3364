"""The console: what riskgate decided and why, in a browser and as JSON.

Beside the path of decisions: it reads the outputs as the commands do, keeps no database, and writes
nothing but the controls of people whom a proxy names.
"""
