# Makes a virtual environment with the packages of requirements.txt, once for each list of them.
# Variables: folder, requirements
if(EXISTS ${folder}/requirements.txt)
  file(SHA256 ${folder}/requirements.txt made_for)
  file(SHA256 ${requirements} wanted)
  if(made_for STREQUAL wanted)
    return()
  endif()
endif()
file(REMOVE_RECURSE ${folder})
find_program(python NAMES python3 REQUIRED)
execute_process(COMMAND ${python} -m venv ${folder} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${folder}/bin/pip install --quiet --disable-pip-version-check --only-binary :all:
                        --requirement ${requirements}
                COMMAND_ERROR_IS_FATAL ANY)
file(COPY_FILE ${requirements} ${folder}/requirements.txt)
