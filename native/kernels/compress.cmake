# Packs FILE as FILE.gz, which is what the assembly embeds: a sixth of the bytes.
file(ARCHIVE_CREATE OUTPUT "${FILE}.gz" PATHS "${FILE}" FORMAT raw COMPRESSION GZip)
